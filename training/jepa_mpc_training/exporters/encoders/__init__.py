"""Published encoders (I-JEPA, V-JEPA, V-JEPA 2, DINOv2), kept frozen for predictors that users train."""
