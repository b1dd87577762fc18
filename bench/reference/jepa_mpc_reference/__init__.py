"""The reference's side of `npm run bench`: PyPI stable-worldmodel over our own side's weights, noise and problems."""
