//go:build tools

// Package minio pins an S3-compatible server for the tests, so that it can be built where only a Go module proxy is reachable.
package minio

import _ "github.com/minio/minio"
