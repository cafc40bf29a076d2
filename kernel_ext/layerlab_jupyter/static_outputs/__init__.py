"""What a cell's output holds for readers without a kernel: data, HTML, SVG charts and text."""
