//go:build tools

// Package caddy pins the gateway's server so that it can be built where only a Go module proxy is reachable.
package caddy

import _ "github.com/caddyserver/caddy/v2/cmd/caddy"
