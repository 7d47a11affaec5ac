//go:build tools

// Package pebble pins the certificate authority of the tests, so that it can be built where only a Go module proxy is reachable.
package pebble

import (
	_ "github.com/letsencrypt/pebble/v2/cmd/pebble"
	_ "github.com/letsencrypt/pebble/v2/cmd/pebble-challtestsrv"
)
