package pgkit

import (
	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
)

const (
	ownBatches   = "rows go by COPY or in batches of datasync's own"
	ownTypes     = "types and texts are those of the table's columns"
	ownRetries   = "hosts are tried in order, and job.setting.restart says what follows an error"
	ownSockets   = "the operating system's sockets are used, and a read takes as long as it takes"
	ownCiphers   = "TLS 1.2 and 1.3 are spoken with Go's choice of ciphers; certificates are PEM files"
	ownAccounts  = "the server says how an account proves itself; Kerberos is not spoken"
	noStatistics = "datasync has figures and a log of its own"
)

// parameters are those of pgJDBC and of libpq.
var parameters = sqlkit.Parameters{
	System: "PostgreSQL",
	Used: `connectTimeout loginTimeout connect_timeout currentSchema searchpath applicationName application_name targetServerType target_session_attrs options
		user password ssl sslmode sslrootcert sslcert sslkey sslpassword`,
	None: []sqlkit.NoParameters{
		{Why: ownBatches, Names: `reWriteBatchedInserts prepareThreshold preparedStatementCacheQueries preparedStatementCacheSizeMiB preferQueryMode defaultRowFetchSize
			adaptiveFetch adaptiveFetchMaximum adaptiveFetchMinimum autosave cleanupSavepoints binaryTransfer binaryTransferEnable binaryTransferDisable
			maxResultBuffer maxSendBufferSize readOnly readOnlyMode replication escapeSyntaxCallMode disableColumnSanitiser quoteReturningIdentifiers cancelSignalTimeout`},
		{Why: ownTypes, Names: `stringtype unknownLength databaseMetadataCacheFields databaseMetadataCacheFieldsMiB allowEncodingChanges assumeMinServerVersion
			hideUnprivilegedObjects client_encoding characterEncoding useUnicode charSet encoding compatible protocolVersion convertBooleanToNumeric`},
		{Why: ownRetries, Names: `loadBalanceHosts load_balance_hosts hostRecheckSeconds autoReconnect`},
		{Why: ownSockets, Names: `socketTimeout queryTimeout tcpKeepAlive tcpNoDelay receiveBufferSize sendBufferSize socketFactory socketFactoryArg localSocketAddress
			keepalives keepalives_idle keepalives_interval keepalives_count tcp_user_timeout`},
		{Why: ownCiphers, Names: `sslfactory sslfactoryarg sslhostnameverifier sslpasswordcallback sslResponseTimeout sslNegotiation sslcrl sslcrldir sslcompression sslsni
			ssl_min_protocol_version ssl_max_protocol_version xmlFactoryFactory sslcertmode`},
		{Why: ownAccounts, Names: `authenticationPluginClassName channelBinding channel_binding gssEncMode gssResponseTimeout gsslib jaasApplicationName jaasLogin
			kerberosServerName krbsrvname sspiServiceClass useSpnego passfile requirepeer require_auth service scramMaxIterations`},
		{Why: noStatistics, Names: `logServerErrorDetail logUnclosedConnections loggerFile loggerLevel loglevel fallback_application_name groupStartupParameters`},
	},
}

// Remarks says which parameters of an address mean nothing here, or are of no
// driver; key is that of the address. Of an address with a fault nothing is said.
func Remarks(key, address string) []config.Remark {
	u, err := ParseURL(address)
	if err != nil {
		return nil
	}
	_, unused, _ := NewSettings(u, nil) // a fault was said by those who dial
	return parameters.OfAddress(key, unused)
}

// PropertyRemarks says the same of properties.
func PropertyRemarks(properties map[string]string) []config.Remark {
	_, unused, _ := NewSettings(&URL{}, properties) // as above
	return parameters.OfProperties(unused)
}
