"""The reference's side of `npm run bench`: stable-worldmodel from PyPI, with the same weights, noise and problems."""
