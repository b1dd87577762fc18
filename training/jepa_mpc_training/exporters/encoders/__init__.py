"""Published encoders (I-JEPA, V-JEPA, V-JEPA 2, DINOv2), kept as they are under a predictor of the user's own."""
