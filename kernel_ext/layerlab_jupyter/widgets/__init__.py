"""The live monitor as an anywidget, for front ends without the lab extension: VS Code, Colab and others."""
