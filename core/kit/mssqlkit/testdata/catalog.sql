SELECT o.object_id, s.name, o.name, o.type, CAST(ep.value AS nvarchar(3750)), (SELECT SUM(p.rows) FROM sys.partitions p WHERE p.object_id = o.object_id AND p.index_id IN (0, 1)) FROM sys.objects o JOIN sys.schemas s ON s.schema_id = o.schema_id LEFT JOIN sys.extended_properties ep ON ep.class = 1 AND ep.major_id = o.object_id AND ep.minor_id = 0 AND ep.name = 'MS_Description' WHERE o.object_id = OBJECT_ID(N'[sales].[orders]') AND o.type IN ('U', 'V')
GO
SELECT c.name, COALESCE(b.name, t.name), c.max_length, c.precision, c.scale, c.is_nullable, c.is_identity, c.is_computed, CASE WHEN c.default_object_id <> 0 THEN 1 ELSE 0 END, COALESCE(c.collation_name, ''), CAST(ep.value AS nvarchar(3750)), COALESCE(COLUMNPROPERTY(c.object_id, c.name, 'GeneratedAlwaysType'), 0), COALESCE(COLUMNPROPERTY(c.object_id, c.name, 'IsHidden'), 0) FROM sys.columns c JOIN sys.types t ON t.user_type_id = c.user_type_id LEFT JOIN sys.types b ON b.user_type_id = c.system_type_id AND t.is_assembly_type = 0 LEFT JOIN sys.extended_properties ep ON ep.class = 1 AND ep.major_id = c.object_id AND ep.minor_id = c.column_id AND ep.name = 'MS_Description' WHERE c.object_id = 99 ORDER BY c.column_id
GO
SELECT i.name, i.is_primary_key, i.is_unique, i.has_filter, c.name, c.is_nullable FROM sys.indexes i JOIN sys.index_columns k ON k.object_id = i.object_id AND k.index_id = i.index_id JOIN sys.columns c ON c.object_id = k.object_id AND c.column_id = k.column_id WHERE i.object_id = 99 AND i.type IN (1, 2) AND i.is_disabled = 0 AND i.is_hypothetical = 0 AND k.is_included_column = 0 AND k.key_ordinal > 0 ORDER BY i.is_primary_key DESC, i.is_unique DESC, i.index_id, k.key_ordinal
GO
SELECT c.name, CAST(COLLATIONPROPERTY(c.collation_name, 'CodePage') AS int) FROM sys.columns c WHERE c.object_id = OBJECT_ID(N'[Sales].[Orders]') AND c.collation_name IS NOT NULL
GO
SELECT o.object_id, s.name, o.name, o.type, CAST(ep.value AS nvarchar(3750)), (SELECT SUM(p.rows) FROM [other].sys.partitions p WHERE p.object_id = o.object_id AND p.index_id IN (0, 1)) FROM [other].sys.objects o JOIN [other].sys.schemas s ON s.schema_id = o.schema_id LEFT JOIN [other].sys.extended_properties ep ON ep.class = 1 AND ep.major_id = o.object_id AND ep.minor_id = 0 AND ep.name = 'MS_Description' WHERE o.object_id = OBJECT_ID(N'[other].[s].[it''s]') AND o.type IN ('U', 'V')
GO
SELECT o.name FROM [other].sys.objects o JOIN [other].sys.schemas s ON s.schema_id = o.schema_id WHERE s.name = N's' AND o.type IN ('U', 'V') AND o.is_ms_shipped = 0 ORDER BY o.name
GO
SELECT o.object_id, s.name, o.name, o.type, CAST(ep.value AS nvarchar(3750)), (SELECT SUM(p.rows) FROM sys.partitions p WHERE p.object_id = o.object_id AND p.index_id IN (0, 1)) FROM sys.objects o JOIN sys.schemas s ON s.schema_id = o.schema_id LEFT JOIN sys.extended_properties ep ON ep.class = 1 AND ep.major_id = o.object_id AND ep.minor_id = 0 AND ep.name = 'MS_Description' WHERE o.object_id = OBJECT_ID(N'[ordres]') AND o.type IN ('U', 'V')
GO
SELECT o.name FROM sys.objects o JOIN sys.schemas s ON s.schema_id = o.schema_id WHERE s.name = SCHEMA_NAME() AND o.type IN ('U', 'V') AND o.is_ms_shipped = 0 ORDER BY o.name
GO
SELECT o.name FROM sys.objects o JOIN sys.schemas s ON s.schema_id = o.schema_id WHERE s.name = N'DBO' AND o.type IN ('U', 'V') AND o.is_ms_shipped = 0 ORDER BY o.name
GO
SELECT name FROM sys.schemas WHERE schema_id < 16384 AND name NOT IN (N'sys', N'INFORMATION_SCHEMA', N'guest') ORDER BY name
