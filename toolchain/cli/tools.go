//go:build tools

// Package cli pins the Pulumi CLI so that it can be built where only a Go module proxy is reachable.
package cli

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
