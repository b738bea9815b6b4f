"""`git push` into a document: received by Git, merged by the hub; docs/git.md."""
