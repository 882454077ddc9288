BEGIN TRANSACTION
GO
SET IDENTITY_INSERT [dbo].[people] ON
GO
SET FMTONLY ON
GO
select * from [dbo].[people] SET FMTONLY OFF
GO
INSERT BULK [dbo].[people] ([id] int, [full name] nvarchar(20), [credit] money) WITH (CHECK_CONSTRAINTS,FIRE_TRIGGERS,KEEP_NULLS,ROWS_PER_BATCH = 2): 2 rows
GO
SELECT [run] FROM [datasync_ledger] WITH (REPEATABLEREAD, ROWLOCK) WHERE [job] = N'job' AND [split] = N''
GO
SELECT [run] FROM [datasync_ledger] WHERE [job] = N'job' AND [split] = N'0'
GO
INSERT INTO [datasync_ledger] ([job], [split], [run], [plan], [done], [name], [position], [state]) VALUES (N'job', N'0', 1, 1, 0, NULL, N'{"v":1,"at":"x"}', NULL)
GO
COMMIT TRANSACTION
