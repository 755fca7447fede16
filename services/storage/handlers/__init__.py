"""What storage does about deliveries, entries, questions, silence, and time that passes."""
