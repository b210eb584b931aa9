"""How e-mail leaves the house and what comes back: messages as bytes, servers, reports."""
