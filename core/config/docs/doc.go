// Package docs renders the reference of config structs: a Markdown page per
// connector and a JSON schema of the job file.
//
// Keys, types, defaults and bounds come from the structs by reflection, what
// they mean from the comments of the fields in the source. A key without a
// comment is an error, so that a stale or empty reference does not pass a
// build. The output depends on the source alone and can be compared byte by
// byte. It is a tool of the build: only tests and commands that have the
// source at hand use it.
package docs
