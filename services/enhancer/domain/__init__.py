"""Making a sentence precise: the port, a model's plan and its checks, rules without a model.

Besides: what can be measured of a picture, for those who see none.
"""
