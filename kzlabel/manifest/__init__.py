"""What the bytes of a manifest store mean: boxes, claims, assertions; knows no file format."""
