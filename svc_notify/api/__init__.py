"""NotificationService, RuleService and DestinationService."""
