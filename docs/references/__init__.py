"""Reference pages that the code writes: ``python -m docs.references``; a test keeps them current."""
