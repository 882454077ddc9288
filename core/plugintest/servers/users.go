package servers

// Accounts of the SQL servers. All may do everything and connect from any host
// over TCP. The passwords are no secrets: the servers listen on loopback only.
const (
	RootUser     = "root" // mysql_native_password, with GRANT OPTION
	RootPassword = "root-Pass1"

	NativeUser     = "native" // mysql_native_password
	NativePassword = "native-Pass1"

	SHA2User     = "sha2" // caching_sha2_password; MySQL only
	SHA2Password = "sha2-Pass1"
)

// Accounts of Kafka's SASL listeners, each valid with PLAIN, SCRAM-SHA-256 and
// SCRAM-SHA-512. Under WithACL the admin may do everything, the client nothing
// until Kafka.Allow says so.
const (
	AdminUser     = "admin"
	AdminPassword = "admin-Pass1"

	ClientUser     = "client"
	ClientPassword = "client-Pass1"
)
