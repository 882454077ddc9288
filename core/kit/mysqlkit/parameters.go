package mysqlkit

import (
	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
)

const (
	ownBatches   = "rows go in batches of datasync's own, by statements of the server"
	ownTypes     = "types and texts are those of the table's columns"
	ownClock     = "sessions run in UTC; -timezone says what clock times without a zone mean"
	ownRetries   = "hosts are tried in order, and job.setting.restart says what follows an error"
	ownSockets   = "the operating system's sockets are used, and a read takes as long as it takes"
	ownCiphers   = "TLS 1.2 and 1.3 are spoken with Go's choice of ciphers; certificates are PEM files"
	ownAccounts  = "the server says how an account proves itself"
	noJava       = "no Java driver runs here"
	noStatistics = "datasync has figures and a log of its own"
)

// parameters are those of Connector/J and of MariaDB's Connector/J.
var parameters = sqlkit.Parameters{
	System: "MySQL",
	Used: `connectTimeout zeroDateTimeBehavior tinyInt1isBit sessionVariables user password useUnicode characterEncoding allowPublicKeyRetrieval
		useSSL requireSSL verifyServerCertificate sslMode sslCa serverSslCert trustCertificateKeyStoreUrl sslCert clientCertificateKeyStoreUrl sslKey`,
	None: []sqlkit.NoParameters{
		{Why: ownBatches, Names: `rewriteBatchedStatements useServerPrepStmts cachePrepStmts prepStmtCacheSize prepStmtCacheSqlLimit useCursorFetch defaultFetchSize
			allowMultiQueries continueBatchOnError useBulkStmts useBulkStmtsForInserts useBatchMultiSend emulateUnsupportedPstmts cacheCallableStmts callableStmtCacheSize
			cacheResultSetMetadata metadataCacheSize cacheServerConfiguration enableQueryTimeouts maxRows generateSimpleParameterMetadata dontTrackOpenResources
			holdResultsOpenOverStatementClose alwaysSendSetIsolation elideSetAutoCommits useLocalSessionState useLocalTransactionState useUnbufferedInput
			useReadAheadInput useStreamLengthsInPrepStmts clobberStreamingResults netTimeoutForStreamingResults maxAllowedPacket largeRowSizeThreshold
			blobSendChunkSize compensateOnDuplicateKeyUpdateCounts useAffectedRows allowLoadLocalInfile allowLoadLocalInfileInPath allowLocalInfile allowUrlInLocalInfile
			processEscapeCodesForPrepStmts readOnlyPropagatesToServer autoClosePStmtStreams rollbackOnPooledClose defaultTransactionIsolation cacheDefaultTimeZone`},
		{Why: ownClock, Names: `serverTimezone useTimezone timezone connectionTimeZone forceConnectionTimeZoneToSession preserveInstants useLegacyDatetimeCode
			useJDBCCompliantTimezoneShift useSSPSCompatibleTimezoneShift useGmtMillisForDatetimes useFastDateParsing sendFractionalSeconds sendFractionalSecondsForTime
			noDatetimeStringSync noTimezoneConversionForTimeType noTimezoneConversionForDateType treatUtilDateAsTimestamp yearIsDateType`},
		{Why: ownTypes, Names: `transformedBitIsBoolean treatMysqlDatetimeAsTimestamp blobsAreStrings functionsNeverReturnBlobs noAccessToProcedureBodies
			nullCatalogMeansCurrent nullDatabaseMeansCurrent nullNamePatternMatchesAll databaseTerm useInformationSchema getProceduresReturnsFunctions
			useOldAliasMetadataBehavior useColumnNamesInFindColumn jdbcCompliantTruncation strictUpdates overrideSupportsIntegrityEnhancementFacility
			pedantic padCharsWithSpace populateInsertRowWithDefaultValues useBlobToStoreUTF8OutsideBMP utf8OutsideBmpExcludedColumnNamePattern
			utf8OutsideBmpIncludedColumnNamePattern connectionCollation characterSetResults customCharsetMapping passwordCharacterEncoding allowNanAndInf
			autoDeserialize emptyStringsConvertToZero useDynamicCharsetInfo oldMode returnMultiValuesGeneratedIds`},
		{Why: ownRetries, Names: `autoReconnect autoReconnectForPools failOverReadOnly maxReconnects reconnectAtTxEnd initialTimeout queriesBeforeRetryMaster
			queriesBeforeRetrySource secondsBeforeRetryMaster secondsBeforeRetrySource retriesAllDown roundRobinLoadBalance loadBalanceStrategy
			loadBalanceBlacklistTimeout loadBalanceBlocklistTimeout loadBalancePingTimeout loadBalanceConnectionGroup loadBalanceEnableJMX
			loadBalanceAutoCommitStatementThreshold loadBalanceAutoCommitStatementRegex loadBalanceExceptionChecker loadBalanceSQLExceptionSubclassFailover
			loadBalanceSQLStateFailover loadBalanceValidateConnectionOnSwapServer loadBalanceHostRemovalGracePeriod selfDestructOnPingMaxOperations
			selfDestructOnPingSecondsLifetime allowMasterDownConnections allowSourceDownConnections allowReplicaDownConnections allowSlaveDownConnections
			readFromMasterWhenNoSlaves readFromSourceWhenNoReplicas replicationEnableJMX pinGlobalTxToPhysicalConnection ha.enableJMX assureReadOnly
			validConnectionTimeout loadBalanceBlacklist failoverLoopRetries transactionReplay`},
		{Why: ownSockets, Names: `socketTimeout queryTimeoutKillsConnection tcpKeepAlive tcpNoDelay tcpRcvBuf tcpSndBuf tcpTrafficClass tcpAbortiveClose socketFactory
			socketFactoryClass socksProxyHost socksProxyPort socksProxyRemoteDns localSocketAddress localSocket networkProtocol pipe useCompression interactiveClient dnsSrv`},
		{Why: ownCiphers, Names: `trustCertificateKeyStorePassword trustCertificateKeyStoreType clientCertificateKeyStorePassword clientCertificateKeyStoreType
			trustStorePassword trustStoreType keyStorePassword keyStoreType keyPassword disableSslHostnameVerification trustServerCertificate
			enabledTLSProtocols enabledSslProtocolSuites enabledSSLCipherSuites tlsVersions tlsCiphersuites fallbackToSystemTrustStore fallbackToSystemKeyStore
			fipsCompliantJsse keyManagerFactoryProvider trustManagerFactoryProvider keyStoreProvider sslContextProvider`},
		{Why: ownAccounts, Names: `defaultAuthenticationPlugin authenticationPlugins disabledAuthenticationPlugins serverRSAPublicKeyFile
			ociConfigFile ociConfigProfile ldapServerHostname password1 password2 password3 credentialType restrictedAuth`},
		{Why: noStatistics, Names: `logger profileSQL profilerEventHandler logSlowQueries slowQueryThresholdMillis slowQueryThresholdNanos autoSlowLog
			explainSlowQueries gatherPerfMetrics reportMetricsIntervalMillis traceProtocol useUsageAdvisor useNanosForElapsedTime
			includeInnodbStatusInDeadlockExceptions includeThreadDumpInDeadlockExceptions includeThreadNamesAsStatementComment enablePacketDebug
			packetDebugBufferSize maxQuerySizeToLog resultSetSizeThreshold dumpQueriesOnException dumpMetadataOnColumnNotFound paranoid log connectionAttributes`},
		{Why: noJava, Names: `connectionLifecycleInterceptors exceptionInterceptors queryInterceptors statementInterceptors propertiesTransform useConfigs
			clientInfoProvider parseInfoCacheFactory serverConfigCacheFactory autoGenerateTestcaseScript createDatabaseIfNotExist disconnectOnExpiredPasswords
			ignoreNonTxTables runningCTS13 xdevapi.ssl-mode pool poolName maxPoolSize minPoolSize maxIdleTime registerJmxPool staticGlobal useMysqlMetadata driverType`},
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
