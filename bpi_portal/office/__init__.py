"""Settings of the house: our company, VAT, number series, holidays."""
