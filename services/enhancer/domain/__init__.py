"""Making a sentence precise: the port, a model's plan and its checks, rules without a model."""
