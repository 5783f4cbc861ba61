// Where the definitions of other operators' kinds come from, with their hashes in go.sum:
// tests/integration/k8s/test_custom_kinds.py compares our manifests with them. Nothing is compiled.
module ordermesh/k8s/schemas

go 1.26.0

require (
	github.com/cert-manager/cert-manager v1.21.2
	github.com/cloudnative-pg/cloudnative-pg v1.28.0
	github.com/external-secrets/external-secrets v1.3.2
	github.com/kedacore/keda/v2 v2.21.0
	github.com/prometheus-operator/prometheus-operator v0.85.0
)
