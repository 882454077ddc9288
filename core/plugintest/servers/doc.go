// Package servers runs the real systems that tests need: MySQL 8, MariaDB 10.11,
// PostgreSQL 18 and Kafka 4 (KRaft), as ordinary child processes on loopback.
//
// One process, the supervisor (cmd/servers), owns every server. It installs
// what is missing, starts the shared servers, puts their addresses into the
// environment and runs a command such as "go test ./...". Tests reach the
// supervisor through a unix socket whose path is in DATASYNC_TEST_CONTROL:
//
//	db := servers.MySQL(t).DB(t)                       // shared server, fresh database
//	pg := servers.PostgreSQL(t).DB(t)                  // likewise
//	k := servers.StartKafka(t, servers.WithProxy())    // a server of this test alone
//	k.Kill(); k.Restart()                              // kill -9, same port and data
//	k.Cut(); k.Stall(); k.Restore()                    // the network between
//
// Invariants:
//
//   - A test process owns nothing. The connection to the supervisor is the lease
//     of its private servers: when it closes, in whatever way the test ended, they
//     are killed and their data is deleted.
//   - The supervisor's own death is covered twice. Each child asks the kernel for
//     SIGKILL when its parent dies, and a watchdog in a session of its own holds a
//     pipe to the supervisor: at its end it kills the process groups still listed
//     and deletes the scratch folder.
//   - Readiness is asked by protocol: a login for the databases, ApiVersions and
//     metadata for Kafka.
//   - Servers shared between packages are never killed or cut. A test that does
//     that starts a private one from an initialised template, a second or two.
//   - Clients in tests hold no goroutines: leak checks see only the test's own.
//
// As root the database servers run as the user mysql, or else nobody, and the
// cache is /var/cache/datasync-test; DATASYNC_TEST_CACHE names another one.
//
// Without DATASYNC_TEST_CONTROL a test that asks for a server is skipped and
// says so; with DATASYNC_TEST_REQUIRE=1 it fails.
//
// Servers are started on Linux only.
package servers
