BEGIN TRANSACTION
GO
INSERT INTO [dbo].[people] ([id], [full name], [credit]) VALUES (CAST(1 AS bigint), N'Ada', 1.5)
GO
COMMIT TRANSACTION
