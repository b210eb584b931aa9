"""The floor of the house: money, periods and formats; no models, no app imported."""
