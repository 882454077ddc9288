package servers

// Accounts of the SQL servers. All may connect from any host over TCP; those of
// MySQL and MariaDB may do everything, in PostgreSQL root is the superuser and the
// others may do what PUBLIC may. The passwords are no secrets: the servers
// listen on loopback only.
const (
	RootUser     = "root" // mysql_native_password, with GRANT OPTION; PostgreSQL: scram-sha-256
	RootPassword = "root-Pass1"

	NativeUser     = "native" // as root
	NativePassword = "native-Pass1"

	SHA2User     = "sha2" // caching_sha2_password; MySQL only
	SHA2Password = "sha2-Pass1"
)

// Accounts of Kafka's SASL listeners, each valid with PLAIN, SCRAM-SHA-256 and
// SCRAM-SHA-512. Under WithACL the admin may do everything, the client nothing
// until Kafka.Allow says so. The client is an account of PostgreSQL too, where it
// shows the client certificate instead of its password when it comes over TLS.
const (
	AdminUser     = "admin"
	AdminPassword = "admin-Pass1"

	ClientUser     = "client"
	ClientPassword = "client-Pass1"
)
