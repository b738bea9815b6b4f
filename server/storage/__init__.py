"""The data folder: the journal, the repositories, and checkpoints from one to the other."""
