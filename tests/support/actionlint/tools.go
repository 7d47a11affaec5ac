//go:build tools

// Package actionlint pins the linter of workflow files, so that it can be built where only a Go module proxy is reachable.
package actionlint

import _ "github.com/rhysd/actionlint/cmd/actionlint"
