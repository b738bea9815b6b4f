"""`git push` to a document: received by Git, merged by the hub; see docs/git.md."""
