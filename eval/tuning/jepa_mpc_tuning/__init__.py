"""The study of `jepa-mpc tune`: what to try next, when to stop a trial, and the report. Runs no episodes itself."""
