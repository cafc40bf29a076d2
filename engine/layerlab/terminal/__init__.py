"""Text for people at a terminal: how it is written, and the progress bar. Imports level 0 only."""
