"""What the page may ask of the kernel, and how it is answered."""
