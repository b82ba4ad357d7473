" Made by: python -m flowreason_dsl.editors
if exists('b:current_syntax')
  finish
endif

syntax include @flowPython syntax/python.vim
unlet! b:current_syntax

syntax match flowNumber /\v<\d+%(\.\d+)?%([eE][+-]?\d{1,3})?>/
syntax match flowCall /\v<\h\w*>\ze\s*\(/
syntax match flowControl /\v<%(else|for|if|in|match|max|repeat|sample|until|while|answer|yield|break)>/
syntax match flowAct /\v<%(ask|emulate|solve|run)>/
syntax match flowSuffix /\v<%(given|with|ensure)>/
syntax match flowDefine /\v<%(flow|tool|pure|use)>/
syntax match flowConstant /\v<%(true|false)>/
syntax match flowField /\v\.\s*\zs\h\w*/
syntax match flowPerson /\v<ask\s+\zsuser>\ze\_s*"/
syntax match flowType /\v%(:|\)\s*-\>)\_s*\zs%(text|int|number|bool|graph|any|list|dict)>/
syntax match flowType /\v\[\s*\zs%(text|int|number|bool|graph|any|list|dict)>\ze\s*[\[\]]/
syntax match flowSetting /\v%(<with|,)\_s+\zs%(temperature|model|samples|vote|think|max_tokens|seed|tries|embed)\ze\s*\=/
syntax match flowName /\v<%(flow|tool)\s+\zs\h\w*/
syntax match flowDefine /\v("\_s*)@<=<as>/
syntax match flowArrow /->/
syntax match flowComment /#.*/ contains=@Spell
syntax match flowEscape /\v\\%([nt"\\]|u\x{4})|\{\{|\}\}/ contained
syntax match flowHole /\v\{\s*\h\w*%(\.\h\w*|\[\s*%(-?\d+|"%([^"\\]|\\.)*"|'%([^'\\]|\\.)*')\s*\])*\s*\}/ contained
syntax region flowText start=/"/ end=/"/ skip=/\\./ contains=flowEscape,flowHole,@Spell
syntax region flowText start=/"""/ end=/"""/ skip=/\\./ contains=flowEscape,flowHole,@Spell
syntax region flowCode matchgroup=flowFence start=/`/ end=/`/ oneline keepend contains=@flowPython
syntax region flowCode matchgroup=flowFence start=/\v`@<!````@!%(python>)?/ end=/\v^\s*```/ keepend contains=@flowPython
syntax region flowCode matchgroup=flowFence start=/\v`@<!````@!\ze[^`]%(`{0,2}[^`])*```/ end=/```/ oneline keepend contains=@flowPython
syntax region flowCode matchgroup=flowFence start=/\v`@<!`````@!%(python>)?/ end=/\v^\s*````/ keepend contains=@flowPython
syntax region flowCode matchgroup=flowFence start=/\v`@<!`````@!\ze[^`]%(`{0,3}[^`])*````/ end=/````/ oneline keepend contains=@flowPython
syntax region flowCode matchgroup=flowFence start=/\v`@<!``````@!%(python>)?/ end=/\v^\s*`````/ keepend contains=@flowPython
syntax region flowCode matchgroup=flowFence start=/\v`@<!``````@!\ze[^`]%(`{0,4}[^`])*`````/ end=/`````/ oneline keepend contains=@flowPython

syntax sync fromstart

highlight default link flowComment Comment
highlight default link flowControl Conditional
highlight default link flowAct Statement
highlight default link flowPerson Statement
highlight default link flowSuffix Keyword
highlight default link flowDefine Structure
highlight default link flowConstant Boolean
highlight default link flowNumber Number
highlight default link flowCall Function
highlight default link flowName Function
highlight default link flowField Identifier
highlight default link flowType Type
highlight default link flowSetting Identifier
highlight default link flowArrow Operator
highlight default link flowText String
highlight default link flowEscape SpecialChar
highlight default link flowHole Special
highlight default link flowFence Delimiter
highlight default link flowCode Normal

let b:current_syntax = 'flow'
