"""Sales: the customer's screens, contracts and the rates extended to each customer."""
