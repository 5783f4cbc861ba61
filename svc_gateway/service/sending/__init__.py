"""Commands and questions to the venue: order of urgency, rate, age, receipts."""
