"""What the console's pages and the command line show: plain values read from the database, one module a
subject.

Sentences are `Message`s, put into the reader's language by whoever shows them. Nothing here writes.
"""
