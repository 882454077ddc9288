package servers

import (
	"fmt"
	"strings"
)

// environ hands a shared server to a command: DATASYNC_TEST_MYSQL,
// DATASYNC_TEST_MARIADB and DATASYNC_TEST_POSTGRESQL are user:password@host:port,
// DATASYNC_TEST_KAFKA is host:port.
func (in *instance) environ() []string {
	value := in.info.Addr
	if in.kind != KindKafka {
		value = fmt.Sprintf("%s:%s@%s", RootUser, RootPassword, in.info.Addr)
	}
	return []string{"DATASYNC_TEST_" + strings.ToUpper(string(in.kind)) + "=" + value}
}
