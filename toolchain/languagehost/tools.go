//go:build tools

// Package languagehost pins Pulumi's Node.js language host. It is a module of its own: sharing one with the
// CLI would raise the SDK to a version in which the language host is no longer part of it.
package languagehost

import _ "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs"
