"""What a browser keeps of documents, so that they open without a connection."""

import asyncio

from tests.browser.window import Window

_WAIT_S = 60.0
_UNTIL = """async argument => {
  const look = PROMISE;
  while (!await look(argument)) await new Promise(resolve => setTimeout(resolve, 50));
}"""
# The documents whose texts are kept, once the service worker has its files.
_KEPT = """async names => {
  if (names) await navigator.serviceWorker.ready;
  const found = await new Promise((resolve, reject) => {
    const opening = indexedDB.open('gollabedit-texts', 1);
    opening.onupgradeneeded = () => opening.transaction.abort();
    opening.onerror = () => resolve([]);
    opening.onsuccess = () => {
      const reading = opening.result.transaction('texts').objectStore('texts').getAllKeys();
      reading.onsuccess = () => {
        opening.result.close();
        resolve(reading.result.map(([, name]) => name));
      };
    };
  });
  return found.sort().join() === names;
}"""


async def until(window: Window, promise: str, argument: object = None) -> None:
    """Wait until the promise of a function in the page is one of `true`."""
    async with asyncio.timeout(_WAIT_S):
        await window.page.evaluate(_UNTIL.replace("PROMISE", promise), argument)


async def keeps(window: Window, *names: str) -> None:
    """Wait until exactly these documents are kept on the device."""
    await until(window, _KEPT, ",".join(sorted(names)))
