/**
 * node-diff3 for the benchmark: three lists of items a line in, the merged text (or null) a line out.
 */

import { createInterface } from 'node:readline';
import { diff3Merge } from 'node-diff3';

for await (const line of createInterface({ input: process.stdin })) {
  const [base, ours, theirs] = JSON.parse(line);
  const parts = diff3Merge(ours, base, theirs);
  const clean = parts.every((part) => part.ok);
  const text = clean ? parts.flatMap((part) => part.ok).join('') : null;
  process.stdout.write(`${JSON.stringify(text)}\n`);
}
