-- is it enabled
SELECT is_cdc_enabled FROM sys.databases WHERE database_id = DB_ID()

-- how far is it
SELECT m.lsn, DATEDIFF(second, sys.fn_cdc_map_lsn_to_time(m.lsn), GETDATE()), DATEPART(tz, SYSDATETIMEOFFSET()) FROM (SELECT sys.fn_cdc_get_max_lsn() AS lsn) m

-- commits
SELECT TOP (1000) start_lsn, tran_end_time, tran_id FROM cdc.lsn_time_mapping WHERE start_lsn > 0x00000032000020380005 AND start_lsn <= 0x00000032000020380006 ORDER BY start_lsn

-- capture instances
SELECT t.capture_instance, t.start_lsn, OBJECT_SCHEMA_NAME(t.source_object_id), OBJECT_NAME(t.source_object_id), o.modify_date, t.object_id, t.role_name FROM cdc.change_tables t JOIN sys.objects o ON o.object_id = t.object_id ORDER BY o.create_date, t.capture_instance

-- computed columns
SELECT column_name FROM cdc.captured_columns WHERE object_id = 42 AND is_computed = 1

-- key
SELECT column_name FROM cdc.index_columns WHERE object_id = 42 ORDER BY index_ordinal

-- tables with changes
SELECT 0 WHERE EXISTS (SELECT 1 FROM [cdc].[dbo_a_CT] WHERE [__$start_lsn] >= 0x00000032000020380005 AND [__$start_lsn] <= 0x00000032000020380006) UNION ALL SELECT 1 WHERE EXISTS (SELECT 1 FROM [cdc].[dbo_odd]]name_CT] WHERE [__$start_lsn] >= 0x00000032000020380006 AND [__$start_lsn] <= 0x00000032000020380006)

-- changes
SELECT [id], CONVERT(nvarchar(20), [it's]]]), [body], [__$start_lsn], [__$seqval], [__$operation], [__$update_mask] FROM [cdc].[fn_cdc_get_all_changes_dbo_odd]]name](0x00000032000020380005, 0x00000032000020380006, N'all update old') ORDER BY [__$start_lsn], [__$seqval], [__$operation]

-- retention
SELECT retention FROM msdb.dbo.cdc_jobs WHERE database_id = DB_ID() AND job_type = N'cleanup'

-- agent
SELECT status_desc FROM sys.dm_server_services WHERE servicename LIKE N'SQL Server Agent%'

-- is it there
SELECT OBJECT_ID(N'[dbo].[it''s]')

-- permission
SELECT HAS_PERMS_BY_NAME(N'[cdc].[fn_cdc_get_all_changes_dbo_a]', N'OBJECT', N'SELECT')

-- the end of the log
SELECT l.log_end_lsn, SYSUTCDATETIME(), d.delayed_durability, d.replica_id FROM sys.databases d CROSS APPLY sys.dm_db_log_stats(DB_ID()) l WHERE d.database_id = DB_ID()

-- readings of the log
SELECT TOP (1) session_id, CASE WHEN error_count > 0 THEN 0 ELSE empty_scan_count END FROM sys.dm_cdc_log_scan_sessions WHERE session_id > 0 ORDER BY session_id DESC

-- being committed
SELECT transaction_id FROM sys.dm_tran_database_transactions WHERE database_id = DB_ID() AND database_transaction_type = 1 AND database_transaction_state IN (10, 12)

-- begin a view
SET TRANSACTION ISOLATION LEVEL SNAPSHOT; BEGIN TRANSACTION

-- fix it
SELECT TOP (1) 1 FROM [dbo].[it's]

-- compare keys
SELECT CASE WHEN a.[a] < b.[a] THEN -1 WHEN a.[a] > b.[a] THEN 1 WHEN a.[b]]] < b.[b]]] THEN -1 WHEN a.[b]]] > b.[b]]] THEN 1 ELSE 0 END FROM (SELECT [a], [b]]] FROM [dbo].[odd]]name] WHERE 1 = 0 UNION ALL SELECT CAST(N'it''s' AS varchar(20)), CAST(N'00112233-4455-6677-8899-aabbccddeeff' AS uniqueidentifier)) a CROSS JOIN (SELECT [a], [b]]] FROM [dbo].[odd]]name] WHERE 1 = 0 UNION ALL SELECT CAST(N'zoë' AS varchar(20)), CAST(N'00112233-4455-6677-8899-aabbccddeef0' AS uniqueidentifier)) b

