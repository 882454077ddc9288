SELECT MIN([id]), MAX([id]) FROM [dbo].[orders]
GO
SELECT [id], CONVERT(nvarchar(20), [name]) AS [name], [price], [at] FROM [dbo].[orders] WHERE ([id] < 7) ORDER BY [id]
GO
SELECT [id], CONVERT(nvarchar(20), [name]) AS [name], [price], [at] FROM [dbo].[orders] WHERE ([id] >= 7) ORDER BY [id]
