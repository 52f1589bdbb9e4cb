"""Who took how much from whom: the ledger of signed transactions, and payouts for traffic that was relayed."""
