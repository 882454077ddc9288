BEGIN TRANSACTION
GO
INSERT INTO [dbo].[people] ([id], [full name], [credit]) VALUES (CAST(1 AS bigint), N'Ada', 1.5)
GO
SELECT [run] FROM [datasync_ledger] WITH (REPEATABLEREAD, ROWLOCK) WHERE [job] = N'job' AND [split] = N''
GO
SELECT [run] FROM [datasync_ledger] WHERE [job] = N'job' AND [split] = N'0'
GO
INSERT INTO [datasync_ledger] ([job], [split], [run], [plan], [done], [name], [position], [state]) VALUES (N'job', N'0', 1, 1, 0, NULL, N'{"v":1,"at":"x"}', NULL)
GO
COMMIT TRANSACTION
