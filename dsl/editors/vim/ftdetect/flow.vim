" Made by: python -m flowreason_dsl.editors
autocmd BufRead,BufNewFile *.flow setfiletype flow
