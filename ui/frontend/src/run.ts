export default function (component: any) {
  component.parentElement.textContent = JSON.stringify(component.data)
}
