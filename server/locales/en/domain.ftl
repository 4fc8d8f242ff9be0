# The rules of the domain say their own sentences in English: roles, events, refusals, limits, factors.
