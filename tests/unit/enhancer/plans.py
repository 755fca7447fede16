"""Plans as a model writes them."""

import json


def plan(
    final: str = "Make the sky more dramatic with darker clouds. Keep the house as it is.",
    *,
    change: str = "make the sky dramatic",
    **other: object,
) -> str:
    """A model's answer whose fields hold together unless told otherwise."""
    fields = {
        "subject_to_preserve": "a house on a hill",
        "change": change,
        "constraints": ["keep the house"],
        "final_instruction": final,
    }
    return json.dumps({**fields, **other})
