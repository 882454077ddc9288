SELECT o.object_id, s.name, o.name, o.type, CAST(ep.value AS nvarchar(3750)), (SELECT SUM(p.rows) FROM sys.partitions p WHERE p.object_id = o.object_id AND p.index_id IN (0, 1)) FROM sys.objects o JOIN sys.schemas s ON s.schema_id = o.schema_id LEFT JOIN sys.extended_properties ep ON ep.class = 1 AND ep.major_id = o.object_id AND ep.minor_id = 0 AND ep.name = 'MS_Description' WHERE o.object_id = OBJECT_ID(N'[datasync_ledger]') AND o.type IN ('U', 'V')
GO
SELECT s.name, o.name FROM sys.objects o JOIN sys.schemas s ON s.schema_id = o.schema_id WHERE s.name = SCHEMA_NAME() AND o.type IN ('U', 'V') AND o.is_ms_shipped = 0 ORDER BY o.name
GO
CREATE TABLE [datasync_ledger] ([job] varchar(255) COLLATE Latin1_General_BIN2 NOT NULL, [split] varchar(255) COLLATE Latin1_General_BIN2 NOT NULL, [run] BIGINT NOT NULL, [plan] BIGINT NOT NULL, [done] SMALLINT NOT NULL, [name] nvarchar(max) NULL, [position] nvarchar(max) NULL, [state] nvarchar(max) NULL, PRIMARY KEY ([job], [split]))
GO
SELECT [run] FROM [datasync_ledger] WHERE [job] = N'job' AND [split] = N''
GO
INSERT INTO [datasync_ledger] ([job], [split], [run], [plan], [done], [name], [position], [state]) VALUES (N'job', N'', 0, 0, 0, NULL, NULL, NULL)
GO
BEGIN TRANSACTION
GO
UPDATE [datasync_ledger] SET [run] = CASE WHEN [run] >= 1 THEN [run] + 1 ELSE 1 END WHERE [job] = N'job' AND [split] = N''
GO
SELECT [run] FROM [datasync_ledger] WHERE [job] = N'job' AND [split] = N''
GO
SELECT [split], [name], [plan], [done], [position], [state] FROM [datasync_ledger] WHERE [job] = N'job' AND [split] <> N''
GO
COMMIT TRANSACTION
GO
SELECT o.object_id, s.name, o.name, o.type, CAST(ep.value AS nvarchar(3750)), (SELECT SUM(p.rows) FROM sys.partitions p WHERE p.object_id = o.object_id AND p.index_id IN (0, 1)) FROM sys.objects o JOIN sys.schemas s ON s.schema_id = o.schema_id LEFT JOIN sys.extended_properties ep ON ep.class = 1 AND ep.major_id = o.object_id AND ep.minor_id = 0 AND ep.name = 'MS_Description' WHERE o.object_id = OBJECT_ID(N'[people]') AND o.type IN ('U', 'V')
GO
SELECT c.name, COALESCE(b.name, t.name), c.max_length, c.precision, c.scale, c.is_nullable, c.is_identity, c.is_computed, CASE WHEN c.default_object_id <> 0 THEN 1 ELSE 0 END, COALESCE(c.collation_name, ''), CAST(ep.value AS nvarchar(3750)), COALESCE(COLUMNPROPERTY(c.object_id, c.name, 'GeneratedAlwaysType'), 0), COALESCE(COLUMNPROPERTY(c.object_id, c.name, 'IsHidden'), 0) FROM sys.columns c JOIN sys.types t ON t.user_type_id = c.user_type_id LEFT JOIN sys.types b ON b.user_type_id = c.system_type_id AND t.is_assembly_type = 0 LEFT JOIN sys.extended_properties ep ON ep.class = 1 AND ep.major_id = c.object_id AND ep.minor_id = c.column_id AND ep.name = 'MS_Description' WHERE c.object_id = 2 ORDER BY c.column_id
GO
SELECT i.name, i.is_primary_key, i.is_unique, i.has_filter, c.name, c.is_nullable FROM sys.indexes i JOIN sys.index_columns k ON k.object_id = i.object_id AND k.index_id = i.index_id JOIN sys.columns c ON c.object_id = k.object_id AND c.column_id = k.column_id WHERE i.object_id = 2 AND i.type IN (1, 2) AND i.is_disabled = 0 AND i.is_hypothetical = 0 AND k.is_included_column = 0 AND k.key_ordinal > 0 ORDER BY i.is_primary_key DESC, i.is_unique DESC, i.index_id, k.key_ordinal
