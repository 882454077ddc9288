SELECT MAX([at]) AS [datasync_max] FROM [dbo].[orders] WHERE ([at] > N'2023-12-31T00:00:00')
GO
SELECT [id], CONVERT(nvarchar(20), [name]) AS [name], [price], [at] FROM [dbo].[orders] WHERE ([at] > N'2023-12-31T00:00:00') AND ([at] <= N'2024-01-01T00:00:00.003') ORDER BY [at], [id]
