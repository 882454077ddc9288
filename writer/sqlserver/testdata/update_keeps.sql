BEGIN TRANSACTION
GO
SET IDENTITY_INSERT [dbo].[people] ON
GO
IF OBJECT_ID(N'tempdb..#datasync_1') IS NULL SELECT TOP (0) [id], [full name], [credit] INTO [#datasync_1] FROM [dbo].[people] UNION ALL SELECT TOP (0) [id], [full name], [credit] FROM [dbo].[people] ELSE TRUNCATE TABLE [#datasync_1]
GO
SET FMTONLY ON
GO
select * from [#datasync_1] SET FMTONLY OFF
GO
INSERT BULK [#datasync_1] ([id] int, [full name] nvarchar(20), [credit] money) WITH (CHECK_CONSTRAINTS,FIRE_TRIGGERS,KEEP_NULLS,ROWS_PER_BATCH = 1): 1 rows
GO
MERGE INTO [dbo].[people] WITH (HOLDLOCK) AS t USING [#datasync_1] AS s ON (t.[id] = s.[id]) WHEN MATCHED THEN UPDATE SET t.[full name] = COALESCE(s.[full name], t.[full name]), t.[credit] = COALESCE(s.[credit], t.[credit]) WHEN NOT MATCHED BY TARGET THEN INSERT ([id], [full name], [credit]) VALUES (s.[id], s.[full name], s.[credit])
GO
COMMIT TRANSACTION
