package mssqlkit

import (
	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
)

const (
	ownBatches   = "rows go by the bulk protocol or in batches of datasync's own"
	ownTypes     = "types and texts are those of the table's columns"
	ownRetries   = "job.setting.restart says what follows an error"
	ownSockets   = "the operating system's sockets are used, and a read takes as long as it takes"
	ownCiphers   = "TLS is spoken with Go's choice of ciphers; certificates are PEM files"
	ownAccounts  = "accounts are logins of the server, or DOMAIN\\user with NTLM"
	noStatistics = "datasync has figures and a log of its own"
)

// parameters are those of Microsoft's JDBC driver, of jTDS and of Go's driver.
var parameters = sqlkit.Parameters{
	System: "SQL Server",
	Used: `loginTimeout connectionTimeout dialTimeout lockTimeout applicationName appName workstationID wsid applicationIntent packetSize failoverPartner
		multiSubnetFailover domain authenticationScheme authentication columnEncryptionSetting integratedSecurity encrypt trustServerCertificate
		hostNameInCertificate trustStore certificate serverCertificate sslProtocol tlsmin databaseName instanceName portNumber serverName user password`,
	None: []sqlkit.NoParameters{
		{Why: ownBatches, Names: `selectMethod responseBuffering useBulkCopyForBatchInsert bulkCopyForBatchInsertBatchSize bulkCopyForBatchInsertCheckConstraints
			bulkCopyForBatchInsertFireTriggers bulkCopyForBatchInsertKeepIdentity bulkCopyForBatchInsertKeepNulls bulkCopyForBatchInsertTableLock
			bulkCopyForBatchInsertAllowEncryptedValueModifications cacheBulkCopyMetadata statementPoolingCacheSize disableStatementPooling enablePrepareOnFirstPreparedStatementCall
			serverPreparedStatementDiscardThreshold prepareMethod prepareSQL maxStatements batchSize bufferDir bufferMaxMemory bufferMinPackets useCursors useLOBs lobBuffer
			cacheMetaData useKerberos xaEmulation delayLoadingLobs maxResultBuffer useFmtOnly iPAddressPreference disableretry`},
		{Why: ownTypes, Names: `sendStringParametersAsUnicode sendTemporalDataTypesAsStringForBulkCopy sendTimeAsDatetime datetimeParameterType calcBigDecimalPrecision calcBigDecimalScale
			useDefaultJavaMathScale useDefaultGSSCredential charset TDS vectorTypeSupport ignoreOffsetOnDateTimeOffsetConversion quotedIdentifier lastUpdateCount concatNullYieldsNull xopenStates`},
		{Why: ownRetries, Names: `connectRetryCount connectRetryInterval transparentNetworkIPResolution failover retryExec retryConn`},
		{Why: ownSockets, Names: `socketTimeout queryTimeout cancelQueryTimeout socketFactoryClass socketFactoryConstructorArg socketKeepAlive tcpNoDelay keepAlive namedPipe
			namedPipePath bindAddress processID macAddress serverNameAsACE protocol pipe`},
		{Why: ownCiphers, Names: `trustStorePassword trustStoreType trustManagerClass trustManagerConstructorArg clientCertificate clientKey clientKeyPassword fips fipsProvider keyStoreAuthentication
			keyStoreLocation keyStoreSecret keyStorePrincipalId keyVaultProviderClientId keyVaultProviderClientKey enclaveAttestationUrl enclaveAttestationProtocol`},
		{Why: ownAccounts, Names: `accessToken accessTokenCallbackClass gsscredential jaasConfigurationName useDefaultJaasConfig msiClientId AADSecurePrincipalId AADSecurePrincipalSecret
			realm serverSpn replication useNTLMv2 changePassword`},
		{Why: noStatistics, Names: `log logging loggingLevel applicationClientId progName appid`},
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
